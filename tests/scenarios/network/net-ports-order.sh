# port names the last of several host ports of a container port, ephemeral ones too.
f() { printf 'services:\n  web: {image: busybox, command: sleep 1000, init: true, ports: [%s]}\n' "$1" > compose.yaml; q up -d; c port web 80 | sed 's/:[3-6][0-9]*$/:N/'; }
f '"21420:80", "21421:80", "127.0.0.1:21422:80"'
f '"21422:80", "127.0.0.1:21421:80", "21420:80"'
f '"127.0.0.1:21420:80", "127.0.0.2:21420:80"'
f '"127.0.0.1:21420:80", "80"'
c ps --format '{{.Ports}}' | sed 's/:[3-6][0-9]*->/:N->/g'
