# A service that shares the network of one that got another container meanwhile is made anew by the next up; ps names no network for it.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, command: sleep 1000, init: true}
services:
  one: {<<: *s}
  two: {<<: *s, network_mode: "service:one"}
Y
n() { inside $1 'readlink /proc/self/ns/net'; }
q up -d
same "$(n one)" "$(n two)"
c ps --format '{{.Service}} [{{.Networks}}]' | sort
two=$(ids two)
q up -d --force-recreate --no-deps one
same "$two" "$(ids two)"
q up -d
same "$two" "$(ids two)"; same "$(n one)" "$(n two)"
two=$(ids two); q up -d; same "$two" "$(ids two)"
