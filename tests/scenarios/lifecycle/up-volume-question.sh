# A changed volume definition: up and create ask; an answer of y, or -y, makes the volume anew and empty.
f() { cat > compose.yaml <<Y
services: {a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: ["vol:/v"]}}
volumes: {vol: {labels: {k: "$1"}}}
Y
}
f 1; q up -d; id=$(ids); inside a 'echo old > /v/f'
f 2; try c up -d; same "$id" "$(ids)"; inside a 'cat /v/f'
try c create
echo n | try c up -d
echo y | try c up -d; steps < err | grep Volume; inside a "ls /v"; inside a "echo mid > /v/f"
f 3; try c up -d -y; steps < err | grep Volume; same "$id" "$(ids)"
inside a "ls /v"
f 4; try c create -y; steps < err | grep Volume
