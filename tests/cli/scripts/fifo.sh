#!/usr/bin/env bash
# Named pipes, as scripts for the C++ tool use them. DIASPORA_CTL is the program, FOLDER an empty folder.
source "${BASH_SOURCE[0]%/*}/checks.sh"
has_lines() {
  [ "$(wc -l < "$1")" -ge "$2" ]
}

"$DIASPORA_CTL" topic create --driver "files" --driver.root_path "$FOLDER/store" --name "topic" > /dev/null 2>&1
"$DIASPORA_CTL" fifo --driver "files" --driver.root_path "$FOLDER/store" \
  --control-file "$FOLDER/control" --logging debug > "$FOLDER/log" 2>&1 &
daemon=$!
wait_for test -p "$FOLDER/control"

echo "$FOLDER/in -> topic" > "$FOLDER/control"
wait_for test -p "$FOLDER/in"
echo "test message 1" > "$FOLDER/in" || fail "first writer"
echo "test message 2" > "$FOLDER/in" || fail "second writer"
{
  for number in 3 4 5; do
    echo "test message $number"
    sleep 0.1
  done
} > "$FOLDER/in"

echo "$FOLDER/in2 -> topic (batch_size=256)" > "$FOLDER/control"
wait_for test -p "$FOLDER/in2"
echo "test message 6" > "$FOLDER/in2"

mkfifo "$FOLDER/out"
timeout 300s cat "$FOLDER/out" > "$FOLDER/output" 2> /dev/null &
reader=$!
echo "$FOLDER/out <- topic" > "$FOLDER/control"
wait_for has_lines "$FOLDER/output" 6
for number in 1 2 3 4 5 6; do
  grep -q "^test message $number\$" "$FOLDER/output" || fail "message $number is missing"
done
echo "test message 7" > "$FOLDER/in"
wait_for has_lines "$FOLDER/output" 7

kill "$reader" 2> /dev/null
wait "$reader" 2> /dev/null
kill -TERM "$daemon"
wait "$daemon" || fail "exit code $?"
[ ! -e "$FOLDER/control" ] || fail "the control FIFO stays"
[ ! -e "$FOLDER/in" ] || fail "the producer's FIFO stays"
[ -p "$FOLDER/out" ] || fail "the consumer's FIFO is gone"
[ "$failures" -eq 0 ] || cat "$FOLDER/log"
[ "$failures" -eq 0 ]
