{{/* The name of everything: the release's, with "gatepost" in it. */}}
{{- define "gatepost.name" -}}
{{- $name := ternary .Release.Name (printf "%s-gatepost" .Release.Name) (contains "gatepost" .Release.Name) -}}
{{- $name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "gatepost.selector" -}}
app.kubernetes.io/name: gatepost
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gatepost.labels" -}}
{{ include "gatepost.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The kind of store: memory, file or redis. What is in a variable or a file is taken for Redis: such URLs have passwords. */}}
{{- define "gatepost.store" -}}
{{- $store := .Values.config.store | default "memory" -}}
{{- if or .Values.config.store_file (hasPrefix "redis" $store) (hasPrefix "${" $store) }}redis
{{- else if hasPrefix "file:" $store }}file
{{- else }}{{ $store }}{{ end -}}
{{- end }}

{{/* Where the metrics are, or nothing. */}}
{{- define "gatepost.metricsPort" -}}
{{- $listen := .Values.config.listen.metrics | toString -}}
{{- if regexMatch ":[0-9]+$" $listen }}{{ regexFind "[0-9]+$" $listen }}{{ end -}}
{{- end }}

{{- define "gatepost.httpPort" -}}
{{- regexFind "[0-9]+$" .Values.config.listen.http -}}
{{- end }}

{{- define "gatepost.image" -}}
{{- $image := .Values.image -}}
{{- $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}
