# run -l forms.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
try c run -l a=1 -l b= -l c=x=y --label 'd=a b' --labels e=5 --name run-label-x app true
c ps -a --format '{{.Label "a"}}|{{.Label "b"}}|{{.Label "c"}}|{{.Label "d"}}|{{.Label "e"}}'
try c run -l nokey app true; says 'label must be set as KEY=VALUE'
try c run -l com.docker.compose.service=other --name run-label-y app true
c ps -a --format '{{.Name}} {{.Service}}'
