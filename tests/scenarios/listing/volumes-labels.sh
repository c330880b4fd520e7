# volumes: labels of a volume in JSON and templates are sorted.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none, command: "true", volumes: ["data:/data"]}}
volumes: {data: {labels: {z: "1", b: "", a.b: x}}}
Y
q create
c volumes --format '{{.Name}} {{.Labels}}' | sed -E 's/[0-9a-f]{64}/HASH/; s/com.docker.compose.version=[^,]*,//'
