"use strict";
// While something goes on, asks for the changing parts of this page and puts them in their places.
// Besides: filters of tables, the slider of thresholds, and the upload of a file.

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
        applyFilters();
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

function applyFilters() {
  for (const field of main.querySelectorAll("[data-filter]")) {
    const id = CSS.escape(field.dataset.filter);
    const rows = main.querySelectorAll(`#${id} tbody tr, ul#${id} > li`);
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    const count = main.querySelector(`[data-count="${CSS.escape(field.dataset.filter)}"]`);
    if (count) count.textContent = words.length ? `${shown} of ${rows.length}` : "";
    const small = field.dataset.filter === "columns" ? main.querySelectorAll("#multiples li") : [];
    for (const item of small) {
      const name = item.querySelector(".name").textContent.toLowerCase();
      item.hidden = !words.every((word) => name.includes(word));
    }
  }
}

for (const field of main.querySelectorAll("[data-filter]")) {
  field.parentElement.hidden = false;
  field.addEventListener("input", applyFilters);
}

for (const slider of main.querySelectorAll("[data-rows]")) {
  const rows = [...main.querySelectorAll(`#${CSS.escape(slider.dataset.rows)} tbody tr`)];
  const said = slider.parentElement.querySelector("output");
  const choose = () => {
    rows.forEach((row, place) => row.classList.toggle("first", place === Number(slider.value)));
    const [from, precision, recall, , found, alarms, missed] = [...rows[slider.value].cells].map((cell) => cell.textContent);
    said.textContent = `${from}: precision ${precision}, recall ${recall}, ${found} found, ${alarms} false alarms, ${missed} missed`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  slider.value = rows.findIndex((row) => row.classList.contains("first"));
  slider.parentElement.hidden = false;
  slider.addEventListener("input", choose);
  choose();
}

for (const costs of main.querySelectorAll("[data-costs]")) {
  const rows = [...main.querySelectorAll(`#${CSS.escape(costs.dataset.costs)} tbody tr`)];
  const slider = main.querySelector(`[data-rows="${CSS.escape(costs.dataset.costs)}"]`);
  const [alarm, missed] = costs.querySelectorAll("input");
  const said = costs.querySelector("output");
  const count = (row, place) => Number(row.cells[place].textContent.replace(/\D/g, ""));
  const weigh = () => {
    const [each, other] = [alarm, missed].map((field) => Number(field.value.replace(",", ".")));
    if (!(each >= 0 && other >= 0) || !alarm.value.trim() || !missed.value.trim()) {
      said.textContent = "Costs are numbers from 0 on.";
      return;
    }
    const total = rows.map((row) => each * count(row, 5) + other * count(row, 6));
    const best = total.indexOf(Math.min(...total));
    slider.value = best;
    slider.dispatchEvent(new Event("input"));
    said.textContent = `cheapest at ${rows[best].cells[0].textContent}: ${total[best].toLocaleString("en")} in all`;
  };
  costs.hidden = false;
  for (const field of [alarm, missed]) field.addEventListener("input", weigh);
}

// A second click while the first is under way must not start, stop or deploy anything twice.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if ("sent" in event.target.dataset) return event.preventDefault();
  event.target.dataset.sent = "";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

for (const form of main.querySelectorAll("form.upload")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=status]");
    const file = form.querySelector("input[type=file]").files[0];
    const button = form.querySelector("button");
    if (button.disabled) return;
    button.disabled = true;
    try {
      if (!file.size) throw new Error(`${file.name} is empty: there is nothing to learn from.`);
      said.classList.remove("bad");
      said.textContent = `Uploading ${file.name} …`;
      const told = await fetch(form.action, { method: "POST", body: new URLSearchParams({ name: file.name }) });
      const page = new DOMParser().parseFromString(await told.text(), "text/html");
      const upload = page.querySelector("form[data-upload]");
      if (!upload) throw new Error(page.querySelector("h1")?.textContent.trim() || "The hub refuses it.");
      const body = new FormData();
      for (const field of upload.querySelectorAll("input")) body.append(field.name, field.value);
      body.append("file", file);
      const sent = await fetch(upload.getAttribute("action"), { method: "POST", body });
      if (!sent.ok) throw new Error(`The hub did not take the file (${sent.status}).`);
      const more = form.parentElement.querySelector('form[action$="/datasets"]');
      more.querySelector("[name=url]").value = upload.dataset.upload;
      more.querySelector("[name=name]").value = file.name;
      more.submit();
    } catch (fault) {
      said.textContent = fault.message;
      said.classList.add("bad");
      button.disabled = false;
    }
  });
}

if ("going" in main.dataset) setTimeout(refresh, PAUSE);
