#!/usr/bin/env bash
# Installs auger from INSTALL, a requirement of pip, or from the repository that holds the action:
# a workflow that uses it at a tag or a commit gets the program of that tag or commit.
set -euo pipefail

repository=$(cd "$ACTION/../../.." && pwd)
pip=(python -m pip --disable-pip-version-check --quiet install)

if [[ -n $INSTALL ]]; then
  "${pip[@]}" "$INSTALL"
elif grep --quiet --no-messages '^name = "auger-reconcile"' "$repository/pyproject.toml"; then
  "${pip[@]}" --require-hashes --requirement "$repository/requirements/core.txt"
  "${pip[@]}" --no-deps --no-build-isolation "$repository"
else
  echo "error: this is a copy of the action without its repository, so the input 'install' has to say" >&2
  echo "what to install: auger-reconcile @ git+https://HOST/OWNER/REPOSITORY@COMMIT" >&2
  exit 64
fi
