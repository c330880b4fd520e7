# Attached up and logs -f go on with a container that is made anew meanwhile.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  a: {<<: *s, command: sh -c 'echo "up $$V"; sleep 1000', environment: {V: "1"}}
Y
own up > out 2>err </dev/null & p=$!
await 20 grep -q 'up 1' out
own logs -f > out2 2>err2 </dev/null & p2=$!
await 20 grep -q 'up 1' out2
sed -i 's/"1"/"2"/' compose.yaml
q up -d -t 1 a
await 20 grep -q 'up 2' out; await 20 grep -q 'up 2' out2
q stop -t 1
r=0; wait $p || r=$?; echo "exit $r"; r=0; wait $p2 || r=$?; echo "exit $r"
plain out | grep -E '\||recreated' | tr -s ' ' | sort
plain out2 | grep -E '\||recreated' | tr -s ' ' | sort
