"use strict";
// While something goes on, asks for the changing parts of this page and puts them in their places.

const PAUSE = 1500;
const main = document.getElementById("main");

function putIn(fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = main.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (!old || old.innerHTML === part.innerHTML) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const isOpen = old.querySelector("details")?.open;
    const scrolled = old.scrollLeft;
    old.replaceChildren(...part.childNodes);
    old.scrollLeft = scrolled;
    if (isOpen && old.querySelector("details")) old.querySelector("details").open = true;
    const again = focused?.getAttribute("href");
    if (again) old.querySelector(`[href="${CSS.escape(again)}"]`)?.focus();
  }
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { "X-Fragment": "1" } });
      if (answer.status === 401) return location.reload();
      if (answer.ok) {
        const text = await answer.text();
        const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
        const isOver = !("going" in fresh.dataset);
        if (isOver && main.querySelector('[data-part="not-ready"]')) return location.reload();
        putIn(fresh);
        if (isOver) {
          delete main.dataset.going;
          return;
        }
      }
    } catch {
      // the hub may be restarting: ask again
    }
  }
  setTimeout(refresh, PAUSE);
}

if ("going" in main.dataset) setTimeout(refresh, PAUSE);
