# driver_opts host_binding_ipv4: the host address of ports that name none; an explicit one wins.
cat > compose.yaml <<'Y'
services:
  web: {image: busybox, command: httpd -f -p 80 -h /etc, init: true, networks: [lan], ports: ["22010:80", "0.0.0.0:22011:80", "127.0.0.2:22012:80"]}
networks: {lan: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}}
Y
q up -d
listening web 80
me=$(ip -4 -o addr show scope global | awk '$2 !~ /^(docker|br-|veth|wh)/ {sub("/.*", "", $4); print $4; exit}')
for a in 127.0.0.1 $me 127.0.0.2; do for p in 22010 22011 22012; do echo "$a:$p $(curl -s -m 2 http://$a:$p/hostname | wc -l)" | sed "s/$me/ME/"; done; done
c port web 80
c ps --format '{{.Ports}}'
