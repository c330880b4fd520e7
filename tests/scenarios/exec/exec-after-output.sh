# exec: output of background children after the command has ended; both streams keep apart.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
q up -d
c exec -T app sh -c 'echo out; echo err >&2; printf x; printf y >&2' >o 2>e </dev/null; cat o; echo; cat e; echo
c exec -T app sh -c 'for i in 1 2 3; do echo o$i; echo e$i >&2; done' 2>&1 </dev/null | sort
c exec -T app sh -c '(sleep 0.5; echo late) & echo early' </dev/null
