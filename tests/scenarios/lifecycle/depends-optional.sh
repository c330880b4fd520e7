# required: false: dependencies that fail, are disabled by a profile, or scaled to 0; the warnings.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  job: {<<: *s, command: sh -c 'exit 3'}
  off: {<<: *s, command: sleep 1000, profiles: [off]}
  zero: {<<: *s, command: sleep 1000, scale: 0}
  app:
    <<: *s
    command: sleep 1000
    depends_on:
      job: {condition: service_completed_successfully, required: false}
      off: {condition: service_started, required: false}
      zero: {condition: service_started}
Y
try c up -d; steps < err
says "optional dependency"
c ps -a --format '{{.Name}} {{.State}} {{.ExitCode}}' | sort
try c up -d app; c ps -a --format '{{.Name}} {{.State}} {{.ExitCode}}' | sort
try c --profile off up -d; c ps -a --format '{{.Name}} {{.State}} {{.ExitCode}}' | sort
