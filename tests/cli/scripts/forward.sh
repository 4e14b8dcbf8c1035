#!/usr/bin/env bash
# Forwarding, as scripts for the C++ tool do it. DIASPORA_CTL is the program, FOLDER an empty folder.
source "${BASH_SOURCE[0]%/*}/checks.sh"
start_fifo() {
  "$DIASPORA_CTL" fifo --driver "files" --driver.root_path "$FOLDER/store" --control-file "$1" \
    --logging error > "$FOLDER/fifo.log" 2>&1 &
  fifo=$!
  wait_for test -p "$1"
}

has_three() {
  [ "$("$DIASPORA_CTL" consume "$1" --driver files --driver.root_path "$FOLDER/store" 2> /dev/null | wc -l)" -eq 3 ]
}

for topic in src-a src-b dst-a dst-b; do
  "$DIASPORA_CTL" topic create --driver "files" --driver.root_path "$FOLDER/store" --name "$topic" > /dev/null 2>&1
done
start_fifo "$FOLDER/control"
for letter in a b; do
  echo "$FOLDER/in-$letter -> src-$letter (batch_size=1)" > "$FOLDER/control"
  wait_for test -p "$FOLDER/in-$letter"
  for number in 1 2 3; do echo "message_${letter}_$number" > "$FOLDER/in-$letter"; done
done
kill -TERM "$fifo"
wait "$fifo"

cat > "$FOLDER/forward.yaml" << END
drivers:
  local:
    type: files
    options:
      root_path: "$FOLDER/store"

forward:
  - from: local/src-a
    to:   local/dst-a
  - from: local/src-b
    to:   local/dst-b
END
"$DIASPORA_CTL" forward --config "$FOLDER/forward.yaml" --logging error > "$FOLDER/forward.log" 2>&1 &
forward=$!
for letter in a b; do wait_for has_three "dst-$letter"; done
kill -0 "$forward" || fail "the daemon ended: $(cat "$FOLDER/forward.log")"
kill -TERM "$forward"
wait "$forward"
code=$?
[ "$code" -eq 0 ] || fail "exit code $code"
[ ! -s "$FOLDER/forward.log" ] || fail "$(cat "$FOLDER/forward.log")"

start_fifo "$FOLDER/control2"
for letter in a b; do
  mkfifo "$FOLDER/out-$letter"
  timeout 300s head -n 3 "$FOLDER/out-$letter" > "$FOLDER/output-$letter" 2> /dev/null &
  reader=$!
  echo "$FOLDER/out-$letter <- dst-$letter" > "$FOLDER/control2"
  wait "$reader"
  [ "$(cat "$FOLDER/output-$letter")" = "$(printf "message_${letter}_%s\n" 1 2 3)" ] || fail "dst-$letter"
done
kill -TERM "$fifo"
wait "$fifo"
[ "$failures" -eq 0 ]
