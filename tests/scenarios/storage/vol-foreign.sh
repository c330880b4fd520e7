# A volume with the name of another project's: used, with a warning; an external one must be there.
also vol-foreign-two
cat > compose.yaml <<'Y'
services: {a: {image: busybox, command: sleep 1000, init: true, volumes: ["ss:/s"]}}
volumes: {ss: {name: vol-foreign-shared}}
Y
q up -d; inside a 'echo one > /s/f'
q -p vol-foreign-two up -d
says 'already exists but was created for project'
c -p vol-foreign-two exec -T a cat /s/f </dev/null
