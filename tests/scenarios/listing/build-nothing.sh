# build where no service has a build section: status 0 and a word; unknown services; -D is accepted.
cat > compose.yaml <<'Y'
services: {a: {image: busybox}, b: {image: alpine}}
Y
try c build; says 'No services to build'
try c build a; says 'No services to build'
try c build nosuch; says 'no such service: nosuch'
try c -D config --services | sort
