# exec: input and its end, with -T, -i, without; large input that is not read.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
q up -d
echo text | try c exec -T app cat
echo text | try c exec -i app cat
echo text | try c exec -T --interactive=false app sh -c 'cat; echo end'
printf '' | try c exec -T app sh -c 'wc -c'
try c exec -T app sh -c 'wc -c' </dev/null
head -c 3000000 /dev/zero | try c exec -T app true
head -c 3000000 /dev/zero | try c exec -T app head -c 5 | od -An -c | tr -s ' '
yes | head -n 100000 | c exec -T app sh -c 'cat; echo err >&2' 2>e2 | wc -l; cat e2
c exec -T app sh -c 'exec 1>&-; sleep 0.3; exit 4' </dev/null || echo "exit $?"
try c exec -T app sh -c 'sleep 0.2 & exit 3' </dev/null
try c exec -d app sh -c 'cat > /got; echo end > /end' </dev/null
await 5 inside app test -e /end
