# network_mode: bridge is the host's common network: no service names, an address, the way out, published ports.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, command: httpd -f -p 80 -h /etc, init: true, network_mode: bridge, ports: ["22025:80"]}
  b: {image: busybox, command: sleep 1000, init: true, network_mode: bridge}
  c: {image: busybox, command: sleep 1000, init: true}
Y
try c up -d
listening a 80
c ps --format '{{.Service}} {{.Networks}}' | sort
get http://127.0.0.1:22025/hostname | wc -l
ip=$(inside a 'ip -4 -o addr show eth0' | awk '{sub("/.*", "", $4); print $4}')
echo "by name $(fetch b http://a/hostname) by address $(fetch b http://$ip/hostname | wc -l) from c $(fetch c http://$ip/hostname | wc -l)"
inside b 'grep -c "^nameserver 127.0.0.11" /etc/resolv.conf || :; ls /sys/class/net | tr "\n" " "; ip route | grep -c ^default'
c down -t 0 2>&1 | steps
