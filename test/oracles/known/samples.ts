import { objects } from '../../lib/drift/judging.ts';

const POD = `
      serviceAccountName: default
      securityContext: {runAsUser: 1000, sysctls: [], seccompProfile: {type: RuntimeDefault}, appArmorProfile: {type: RuntimeDefault}, seLinuxOptions: {level: "s0"}, windowsOptions: {}}
      dnsConfig: {options: [{name: ndots}]}
      hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]
      tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 1, podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {a: b}}}}
      imagePullSecrets: [{name: x}]
      volumes:
        - {name: cm, configMap: {name: x, items: [{key: a, path: b}]}}
        - {name: se, secret: {secretName: x, items: [{key: a, path: b}]}}
        - {name: em, emptyDir: {}}
        - {name: ho, hostPath: {path: /a}}
        - {name: az, azureDisk: {diskName: x, diskURI: "https://a.blob.core.windows.net/b/c.vhd"}}
        - {name: pv, persistentVolumeClaim: {claimName: x}}
        - {name: nf, nfs: {server: a, path: /b}}
        - {name: cs, csi: {driver: x.example.com}}
        - {name: is, iscsi: {targetPortal: 10.0.0.1, iqn: "iqn.2001-04.com.example:a", lun: 1}}
        - {name: fc, fc: {targetWWNs: [a], lun: 1}}
        - {name: do, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}
        - {name: pr, projected: {sources: [{serviceAccountToken: {path: t}}, {configMap: {name: x}}, {secret: {name: x}}]}}
        - {name: ep, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}
      initContainers: [{name: i, image: "i:1"}]
      containers:
        - name: c
          image: "i:1"
          ports: [{containerPort: 80}]
          env:
            - {name: A, value: b}
            - {name: B, valueFrom: {secretKeyRef: {name: x, key: k}}}
            - {name: C, valueFrom: {configMapKeyRef: {name: x, key: k}}}
            - {name: D, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
          envFrom: [{configMapRef: {name: x}}, {secretRef: {name: x}}]
          securityContext: {runAsUser: 1, capabilities: {add: [NET_ADMIN]}, seccompProfile: {type: RuntimeDefault}}
          volumeMounts: [{name: cm, mountPath: /a}]
          livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: a, value: b}]}}
          readinessProbe: {tcpSocket: {port: 80}}
          startupProbe: {grpc: {port: 80}}
          lifecycle: {preStop: {exec: {command: [a]}}, postStart: {httpGet: {port: 80}}}
          resources: {limits: {cpu: 1, memory: 1Gi}}
`;
const workload = (kind: string, more: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: known, namespace: default}
spec:
  selector: {matchLabels: {a: b}}
${more}
  template:
    metadata: {labels: {a: b}}
    spec:${POD}`;

/** An object of each kind with most of its structs in it, so that each of their scalars can be put and left out. */
export const SAMPLES = objects(
  [
    workload('Deployment', '  strategy: {rollingUpdate: {maxSurge: 1}}'),
    workload('DaemonSet', '  updateStrategy: {rollingUpdate: {maxUnavailable: 1}}'),
    workload(
      'StatefulSet',
      '  serviceName: x\n  updateStrategy: {rollingUpdate: {partition: 1}}\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]',
    ),
    `
apiVersion: v1
kind: Pod
metadata: {name: known, namespace: default}
spec:
  restartPolicy: Never
${POD.replaceAll(/^ {4}/gm, '')}`,
    `
apiVersion: batch/v1
kind: CronJob
metadata: {name: known, namespace: default}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: known, namespace: default}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: known, namespace: default}
spec: {selector: {a: b}, ports: [{port: 80, name: a}], sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}}
---
apiVersion: v1
kind: Service
metadata: {name: known, namespace: default}
spec: {type: LoadBalancer, selector: {a: b}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: known, namespace: default}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: known, namespace: default}
---
apiVersion: v1
kind: Secret
metadata: {name: known, namespace: default}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: known, namespace: default}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSourceRef: {kind: PersistentVolumeClaim, name: x}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: known}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, csi: {driver: a.example.com, volumeHandle: x}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: known}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, azureDisk: {diskName: x, diskURI: "https://a.blob.core.windows.net/b/c.vhd"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: known, namespace: default}
spec: {limits: [{type: Pod, max: {cpu: 1}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: known, namespace: default}
spec: {rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}], tls: [{hosts: [a.example.com]}]}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: known}
spec: {controller: a.example.com/x, parameters: {kind: X, name: x, apiGroup: a.example.com}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: known, namespace: default}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}], from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: known, namespace: default}
spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: known, namespace: default}
spec:
  maxReplicas: 3
  scaleTargetRef: {kind: Deployment, name: x, apiVersion: apps/v1}
  behavior: {scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 5}]}}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 5}}}]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: known}
provisioner: a.example.com/x
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: known.example.com}
spec: {tokenRequests: [{audience: a}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: known}
value: 5
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: known, namespace: default}
spec: {}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: known, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: x, namespace: default}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: known}
webhooks: [{name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {service: {name: x, namespace: other}}, rules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["pods"]}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: known}
webhooks: [{name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {service: {name: x, namespace: other}}, rules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["pods"]}]}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.known.example.com}
spec: {group: known.example.com, version: v1, groupPriorityMinimum: 1000, versionPriority: 10, service: {name: x, namespace: other}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: knowns.known.example.com}
spec:
  group: known.example.com
  scope: Namespaced
  names: {plural: knowns, kind: Known}
  versions: [{name: v1, served: true, storage: true, subresources: {scale: {specReplicasPath: .spec.a, statusReplicasPath: .status.a}}, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}}]
`,
  ].join('\n---\n'),
);
