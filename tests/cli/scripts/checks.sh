# What the scripts here check with: `fail WHAT` counts a failure, `wait_for COMMAND...` waits two minutes for success.
set -u
failures=0
fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}
wait_for() {
  for _ in $(seq 1200); do
    "$@" && return
    sleep 0.1
  done
  fail "waited in vain: $*"
}
