# exec --index with replicas; default is the first; after the first is gone.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000, deploy: {replicas: 3}}}
Y
q up -d
for i in 1 2 3; do c exec -T --index $i app sh -c "echo $i > /n"; done
c exec -T app cat /n
try c exec -T --index 4 app true; cat err
try c exec -T --index -1 app true; cat err
n=$(c ps --format '{{.Name}}' | head -n 1)
q scale app=1
c exec -T app cat /n
try c exec -T --index 2 app true; cat err
q stop -t 0
try c exec -T app true; cat err
try c exec -T --index 1 app true; cat err
