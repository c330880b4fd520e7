# External secrets and configs are refused.
for k in secret config; do
printf '%s\n' "services: {a: {image: busybox, network_mode: none, command: 'true', ${k}s: [s]}}" "${k}s: {s: {external: true}}" > compose.yaml
try c up -d; says "unsupported external $k s"; state
done
