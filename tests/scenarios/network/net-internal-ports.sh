# An internal network publishes no ports; the host reaches its containers.
cat > compose.yaml <<'Y'
services:
  i: {image: busybox, command: httpd -f -p 80 -h /etc, init: true, networks: {in: {ipv4_address: 10.215.60.5}}, ports: ["21410:80"]}
networks: {in: {internal: true, ipam: {config: [{subnet: 10.215.60.0/24}]}}}
Y
q up -d
listening i 80
echo "published: $(curl -s -m 2 http://127.0.0.1:21410/hostname | wc -l), direct: $(curl -s -m 2 http://10.215.60.5/hostname | wc -l)"
echo "[$(c ps --format '{{.Ports}}')]"
