# volumes: fields of json and templates, external and named ones, per service, after down -v, driver and labels.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: ["one:/one", "ext:/ext", "named:/n"]}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: [{type: volume, source: lab, target: /l}]}
volumes: {one: , ext: {external: true, name: volumes-forms-ext}, named: {name: volumes-forms-named}, lab: {labels: {k: v, z: ""}, driver: local}}
Y
also volumes-forms-o
printf 'name: volumes-forms-o\nservices: {o: {image: busybox, network_mode: none, command: "true", volumes: ["ext:/e"]}}\nvolumes: {ext: {name: volumes-forms-ext}}\n' > o.yaml
q -f o.yaml up -d
try c volumes; try c volumes --format json
q up -d
c volumes -q | sort
c volumes b | tr -s ' ' | sed 's/ *$//'
c volumes a b -q | sort
c volumes --format 'table {{.Name}}\t{{.Driver}}\t{{.Scope}}\t{{.Links}}\t{{.Size}}' | sed 's/ *$//; s/  */ /g' | sort
c volumes --format '{{.Label "k"}}|{{.Labels}}' b | tr ',' '\n' | grep -E '^v|^k=|^z=' | sort
c volumes --format json b | python3 -c 'import json, sys; o = json.loads(sys.stdin.read()); print(sorted((k, v) for k, v in o.items() if k not in ("Labels", "Mountpoint"))); print(o["Mountpoint"].endswith("/volumes-forms_lab/_data"))'
try c volumes -q nosuch; cat err
try c volumes -q --format json | wc -l
try c volumes --format '{{.NoSuch}}' | head -n 1
q down -v; c volumes -q
