/** The chart of every release: five kinds, as `helm create` and people write them; `sets` of them. */
export const CHART_YAML = 'apiVersion: v2\nname: app\nversion: 1.4.2\nappVersion: 1.4.2\n';
export const VALUES_YAML =
  'image: registry.example.com/app\nlevel: info\nsets: 1\nminReplicas: 2\nmaxReplicas: 10\n';
export const TEMPLATE = `{{- range $index := until (int .Values.sets) }}
{{- $name := ternary $.Release.Name (printf "%s-%d" $.Release.Name $index) (eq $index 0) }}
{{- $labels := dict "app.kubernetes.io/name" $name "app.kubernetes.io/instance" $.Release.Name }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{- toYaml $labels | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- toYaml $labels | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- toYaml $labels | nindent 4 }}
  ports:
    - {name: http, port: 80, targetPort: http, protocol: TCP}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- toYaml $labels | nindent 4 }}
spec:
  selector:
    matchLabels: {{- toYaml $labels | nindent 6 }}
  template:
    metadata:
      labels: {{- toYaml $labels | nindent 8 }}
    spec:
      serviceAccountName: {{ $name }}
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: app
          image: "{{ $.Values.image }}:{{ $.Chart.AppVersion }}"
          imagePullPolicy: IfNotPresent
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          ports:
            - {name: http, containerPort: 8080, protocol: TCP}
          env:
            - name: LOG_LEVEL
              value: {{ $.Values.level | quote }}
            - name: POD_NAME
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
          readinessProbe:
            httpGet: {path: /ready, port: http}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
          volumeMounts:
            - {name: scratch, mountPath: /tmp}
      volumes:
        - {name: scratch, emptyDir: {}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}
  labels: {{- toYaml $labels | nindent 4 }}
spec:
  ingressClassName: nginx
  rules:
    - host: {{ $name }}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: {{ $name }}, port: {name: http}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- toYaml $labels | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ $.Values.minReplicas }}
  maxReplicas: {{ $.Values.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
{{- end }}
`;
