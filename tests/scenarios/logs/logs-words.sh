# logs: values of --tail that are no numbers, empty limits, --index of what is not a replica, a service named twice.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none, command: sh -c "echo 1; echo 2; echo 3"}}
Y
q up -d
await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 3 ]"
for t in x 1.5 +2 -5 '' 99999999999999999999; do echo "# <$t>"; try c logs --tail "$t"; done
for t in '' 10 -1h 2020 2020-01-01T00:00; do echo "# since <$t>"; try c logs --since "$t" | wc -l; done
try c logs --since 10:00
for t in 0 -1 2; do echo "# index $t"; try c logs --index $t a | wc -l; done
try c logs --index 1; says "--index requires one service"
try c logs -n 1 a a
