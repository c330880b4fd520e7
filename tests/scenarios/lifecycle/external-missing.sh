# What must exist: external volume, external network, env_file, bind source without create_host_path, secret and config file.
try_file() { cat > compose.yaml; try c up -d; }
try_file <<'Y'
services: {a: {image: busybox, command: "true", volumes: ["vol:/v"]}}
volumes: {vol: {external: true, name: external-missing-no}}
Y
says 'external volume "external-missing-no" not found'
try_file <<'Y'
services: {a: {image: busybox, command: "true", env_file: nofile.env}}
Y
says "nofile.env"
try_file <<'Y'
services: {a: {image: busybox, command: "true", volumes: [{type: bind, source: ./nodir, target: /x, bind: {create_host_path: false}}]}}
Y
says "nodir"
try_file <<'Y'
services: {a: {image: busybox, command: "true", secrets: [s]}}
secrets: {s: {file: ./nosecret}}
Y
says nosecret
try_file <<'Y'
services: {a: {image: busybox, command: "true", secrets: [s]}}
secrets: {s: {environment: NOSUCHVAR}}
Y
says NOSUCHVAR
try_file <<'Y'
services: {a: {image: busybox, command: "true", configs: [c]}}
configs: {c: {environment: NOSUCHVAR}}
Y
says NOSUCHVAR
try_file <<'Y'
services: {a: {image: busybox, command: "true", network_mode: "container:external-missing-none"}}
Y
says external-missing-none
state
