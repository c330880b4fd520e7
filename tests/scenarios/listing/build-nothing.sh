# build where no service has a build section: status 0 and a word; its own --progress; unknown services; -D is accepted.
cat > compose.yaml <<'Y'
services: {a: {image: busybox}, b: {image: alpine}}
Y
try c build; says 'No services to build'
try c build a; says 'No services to build'
try c build --progress plain a; says 'No services to build'
try c build --progress nonsense; says 'unsupported --progress value "nonsense"'
try c build nosuch; says 'no such service: nosuch'
try c -D config --services | sort
