# ipc and pid of another project's container, by name; the end of the owner.
also rt-ns-join-b
printf 'services: {o: {image: busybox, command: sleep 1000, init: true, container_name: rt-ns-owner, ipc: shareable}}\n' > b.yaml
cat > compose.yaml <<'Y'
services:
  i: {image: busybox, command: sleep 1000, init: true, ipc: "container:rt-ns-owner"}
  p: {image: busybox, command: sleep 1000, init: true, pid: "container:rt-ns-owner"}
Y
if q up -d; then echo started; else echo refused; fi; says rt-ns-owner
q -p rt-ns-join-b -f b.yaml up -d
try c up -d
q -p rt-ns-join-b -f b.yaml exec -T o sh -c 'echo x > /dev/shm/f; readlink /proc/self/ns/ipc > /dev/shm/ipc; readlink /proc/self/ns/pid > /dev/shm/pid' </dev/null
inside i 'cat /dev/shm/f; [ "$(cat /dev/shm/ipc)" = "$(readlink /proc/self/ns/ipc)" ] && echo same ipc; echo y > /dev/shm/g'
q -p rt-ns-join-b -f b.yaml exec -T o sh -c 'cat /dev/shm/g; ps -o args | grep -c "[s]leep 1000"' </dev/null
inside p 'ps -o args | grep -c "[s]leep 1000"; readlink /proc/self/ns/ipc | grep -c .'
q -p rt-ns-join-b -f b.yaml kill o; await 5 sh -c "! $COMPOSE ps --services | grep -q p"; state
