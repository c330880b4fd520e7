# hostname and domainname: alone, together, with dots; what hostname -f, -d, /etc/hosts and others' lookups give.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, command: sleep 1000, init: true}
services:
  plain: {<<: *s, hostname: alpha}
  dots: {<<: *s, hostname: beta.example.net}
  dom: {<<: *s, domainname: example.org}
  both: {<<: *s, hostname: gamma, domainname: example.org}
  dotsdom: {<<: *s, hostname: delta.sub, domainname: example.org}
  upper: {<<: *s, hostname: Epsilon_X}
  many: {<<: *s, hostname: zeta, scale: 2}
Y
q up -d
for s in plain both dots dotsdom upper many; do echo "$s: $(inside $s 'hostname; cat /etc/hostname /proc/sys/kernel/hostname /proc/sys/kernel/domainname; hostname -f; hostname -d; echo $HOSTNAME; tail -1 /etc/hosts | tr "\t" " " | cut -d" " -f2-' | tr '\n' ' ')"; done
inside dom 'cat /proc/sys/kernel/domainname; tail -1 /etc/hosts | tr "\t" " " | cut -d" " -f2- | sed "s/$(hostname)/ID/g"'
for n in alpha beta beta.example.net gamma gamma.example.org delta delta.sub delta.sub.example.org epsilon_x zeta; do echo "$n: $(addresses plain $n)"; done
