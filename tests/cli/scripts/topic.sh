#!/usr/bin/env bash
# Topics, as scripts for the C++ tool make and list them. DIASPORA_CTL is the program, FOLDER an empty folder.
source "${BASH_SOURCE[0]%/*}/checks.sh"

"$DIASPORA_CTL" --help > "$FOLDER/help" 2>&1 || fail "--help"

files() {
  "$DIASPORA_CTL" topic "$1" --driver "files" --driver.root_path "$FOLDER/store" "${@:2}"
}

files create --name simple > "$FOLDER/output" 2>&1 || fail "create: $(cat "$FOLDER/output")"
[ -d "$FOLDER/store/simple" ] || fail "no folder for the topic"
files create --name four --topic.num_partitions 4 > /dev/null 2>&1
for number in 0 1 2 3; do
  [ -d "$FOLDER/store/four/partitions/0000000$number" ] || fail "partition $number is missing"
done

echo "{ \"root_path\": \"$FOLDER/store\" }" > "$FOLDER/driver.json"
echo '{ "num_partitions": 2 }' > "$FOLDER/topic.json"
"$DIASPORA_CTL" topic create --driver "files" --driver-config "$FOLDER/driver.json" \
  --name configured --topic-config "$FOLDER/topic.json" > /dev/null 2>&1 || fail "create with files"
[ -d "$FOLDER/store/configured/partitions/00000001" ] || fail "num_partitions of the file"
[ ! -d "$FOLDER/store/configured/partitions/00000002" ] || fail "too many partitions"
files create --name nested --topic.config.option1 "value1" --topic.config.option2 "value2" > /dev/null 2>&1
[ -d "$FOLDER/store/nested" ] || fail "nested options"

for component in validator serializer partition-selector; do
  grep -q '"type"' "$FOLDER/store/simple/$component.json" || fail "$component.json"
done

"$DIASPORA_CTL" topic create --name x > /dev/null 2>&1 && fail "create without a driver"
"$DIASPORA_CTL" topic create --driver "files" > /dev/null 2>&1 && fail "create without a name"
files create --name simple > /dev/null 2>&1 && fail "create twice"

[ "$(files list 2> /dev/null | sort | tr '\n' ' ')" = "configured four nested simple " ] || fail "list"
verbose=$(files list --verbose 2> /dev/null | grep '^four ')
for word in '{' num_partitions validator serializer partition_selector; do
  echo "$verbose" | grep -q "$word" || fail "verbose list lacks $word"
done
mkdir "$FOLDER/empty"
[ -z "$("$DIASPORA_CTL" topic list --driver files --driver.root_path "$FOLDER/empty" 2> /dev/null)" ] || fail "empty list"
[ "$failures" -eq 0 ]
