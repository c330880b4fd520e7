# network_mode service:, container:, host, none: names, addresses, restart of the owner, exec, ports of the owner.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, command: sleep 1000}
services:
  own: {<<: *s, hostname: owner, ports: ["127.0.0.1:20750:80"], networks: [n]}
  side: {<<: *s, network_mode: "service:own", command: httpd -f -p 80 -h /etc}
  cont: {<<: *s, network_mode: "container:net-mode-shared-own-1", depends_on: [own]}
  host: {<<: *s, network_mode: host}
  none: {<<: *s, network_mode: none}
  peer: {<<: *s, networks: [n]}
networks: {n: }
Y
try c up -d
inside side 'hostname'; inside cont 'hostname'; listening side 80
get http://127.0.0.1:20750/hostname
fetch peer http://own/hostname; fetch own http://127.0.0.1/hostname
inside none 'ip -o addr | grep -v " lo" | wc -l'
c ps --format '{{.Service}}|{{.Ports}}|{{.Networks}}' | sort
q restart -t 0 own; listening side 80; fetch peer http://own/hostname
q up -d --force-recreate own; listening side 80; fetch peer http://own/hostname
state
