{{/* What would start and not work, or work and not be safe, is refused before anything is installed. */}}
{{- define "gatepost.checks" -}}
{{- $values := .Values -}}
{{- if not $values.image.repository }}
{{- fail "image.repository: name the image that you have built of the Dockerfile and pushed; none is published" }}
{{- end }}
{{- if not $values.existingSecret }}
{{- fail "existingSecret: name the Secret with GATEPOST_SECRET and the client secrets (kubectl create secret generic gatepost --from-env-file=gatepost.env)" }}
{{- end }}
{{- if not $values.config.applications }}
{{- fail "config.applications: list at least one application (docs/configuration.md)" }}
{{- end }}
{{- range $name := list "http" "metrics" }}
{{- if hasPrefix "127." (index $values.config.listen $name | toString) }}
{{- fail (printf "config.listen.%s: nothing outside of the pod reaches 127.0.0.1; write 0.0.0.0%s" $name (ternary ", or off" "" (eq $name "metrics"))) }}
{{- end }}
{{- end }}
{{- $store := include "gatepost.store" . }}
{{- if and (gt (int $values.replicas) 1) (ne $store "redis") }}
{{- fail (printf "replicas: %d replicas need a store that they share, and config.store is %s: set it to redis://…, or replicas to 1" (int $values.replicas) ($values.config.store | default "memory")) }}
{{- end }}
{{- if eq $store "file" }}
{{- if not (hasPrefix (printf "file://%s/" $values.persistence.mountPath) $values.config.store) }}
{{- fail (printf "config.store: must be a folder below persistence.mountPath, for example file://%s/sessions" $values.persistence.mountPath) }}
{{- end }}
{{- end }}
{{- if lt (int $values.terminationGracePeriodSeconds) (add (int $values.preStopSeconds) 5 | int) }}
{{- fail "terminationGracePeriodSeconds: must be 5 s more than preStopSeconds, in which running requests are finished" }}
{{- end }}
{{- include "gatepost.noSecrets" . }}
{{- end }}

{{/* Attack: everybody who may read ConfigMaps in the namespace, or the values of the release, would have the secret. */}}
{{- define "gatepost.noSecrets" -}}
{{- $config := .Values.config -}}
{{- $found := list -}}
{{- range (kindIs "slice" $config.secret | ternary $config.secret (list $config.secret)) }}
{{- $found = append $found (list "secret" .) }}
{{- end }}
{{- range $key := list "password" "sentinel_password" }}
{{- $found = append $found (list (printf "redis.%s" $key) (get ($config.redis | default dict) $key)) }}
{{- end }}
{{- range $key := list "client_secret" "client_key" }}
{{- $found = append $found (list (printf "defaults.%s" $key) (get ($config.defaults | default dict) $key)) }}
{{- range $at, $application := $config.applications }}
{{- $found = append $found (list (printf "applications[%d].%s" $at $key) (get $application $key)) }}
{{- end }}
{{- end }}
{{- $inUrl := regexFind "://[^/@]*@" ($config.store | default "") }}
{{- if $inUrl }}
{{- $found = append $found (list "store" (regexFind ":[^:]*@$" $inUrl | trimPrefix ":" | trimSuffix "@")) }}
{{- end }}
{{- range $found }}
{{- $value := index . 1 | default "" | toString }}
{{- if and $value (not (regexMatch "^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$" $value)) }}
{{- fail (printf "config.%s: a secret in a ConfigMap is none: write ${NAME}, and put NAME into the Secret %s" (index . 0) $.Values.existingSecret) }}
{{- end }}
{{- end }}
{{- end }}
