#!/usr/bin/env bash
# Runs one command of auger as CI needs it: the plan in the job's summary and in one comment.
#
# Everything comes through the environment: COMMAND, ENVIRONMENT, FOLDER, PLAN_FILE, PULL_REQUEST.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
which=(-f "$FOLDER")
if [[ -n $ENVIRONMENT ]]; then which+=(--env "$ENVIRONMENT"); fi
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
code=0

case $COMMAND in
  validate)
    auger "${which[@]}" validate || code=$?
    ;;
  plan)
    auger "${which[@]}" plan --detailed-exitcode --out "$PLAN_FILE" --format markdown > plan.md || code=$?
    cat plan.md >> "$summary"
    if [[ -n $PULL_REQUEST && -s plan.md ]]; then python "$here/comment.py" plan.md; fi
    ;;
  apply)
    auger "${which[@]}" apply "$PLAN_FILE" --wait | tee -a "$summary" || code=$?
    ;;
  drift)
    auger "${which[@]}" drift | tee -a "$summary" || code=$?
    ;;
  *)
    echo "unknown command: $COMMAND" >&2
    code=64
    ;;
esac

echo "exit-code=$code" >> "${GITHUB_OUTPUT:-/dev/null}"
# A plan with something to do is a success; drift is what the schedule is to shout about.
if [[ $COMMAND == plan && $code == 2 ]]; then code=0; fi
exit "$code"
