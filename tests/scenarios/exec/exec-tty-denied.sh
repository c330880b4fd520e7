# exec -t without a terminal.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
q up -d
for f in -t -it -ti --tty "-i -t"; do try c exec $f app echo x </dev/null; cat err; done
try c exec -dt app true </dev/null; cat err
try c exec -tT app echo x </dev/null; cat err
try c exec --tty=false app echo x </dev/null; cat err
