# An empty entrypoint drops the image's and keeps its command; [""] drops both.
f() { printf 'services:\n  a: {image: meta, %s}\n' "$1" > compose.yaml; echo "$1: $(c run --rm -T a </dev/null 2>err)"; }
f 'entrypoint: []'
f 'entrypoint: ""'
f 'entrypoint: [], command: []'
f 'entrypoint: [""], command: [echo, x]'
f 'entrypoint: [echo]'
f 'command: []'
printf 'services:\n  a: {image: busybox, command: [""]}\n' > compose.yaml
if q up -d; then echo started; else echo refused; fi; says 'executable file not found in $PATH'
