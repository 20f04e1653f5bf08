import { objects } from '../../lib/drift/judging.ts';

/** What helm applies to a cluster whose controllers run, so that each of them writes what it writes. */
export const DECLARED = objects(`
apiVersion: v1
kind: Namespace
metadata: {name: writers}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: usual, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: example.com/none}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: later, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: example.com/none
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: bound}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: static
  hostPath: {path: /tmp/none}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: reserved}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: reserved
  claimRef: {namespace: writers, name: reserved}
  hostPath: {path: /tmp/none}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: bound, namespace: writers}
spec: {accessModes: [ReadWriteOnce], storageClassName: static, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: reserved, namespace: writers}
spec: {accessModes: [ReadWriteOnce], storageClassName: reserved, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: later, namespace: writers}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: waits, namespace: writers}
spec:
  containers: [{name: c, image: "i:1", volumeMounts: [{name: data, mountPath: /data}]}]
  initContainers: [{name: i, image: "i:1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: later}}]
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: writers, labels: {app: adopted}}
spec:
  containers: [{name: c, image: "i:1"}]
  initContainers: [{name: i, image: "i:1"}]
  tolerations: [{key: mine, operator: Exists}]
---
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: writers}
spec: {containers: [{name: c, image: "i:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: adopts, namespace: writers}
spec:
  replicas: 1
  selector: {matchLabels: {app: adopted}}
  template:
    metadata: {labels: {app: adopted}}
    spec: {containers: [{name: c, image: "i:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: writers}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "i:1", resources: {requests: {cpu: 1m}}}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: writers}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: c, image: "i:1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: writers}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "i:1"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: writers}
spec:
  maxReplicas: 3
  targetCPUUtilizationPercentage: 50
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: writers}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: web, namespace: writers}
---
apiVersion: v1
kind: Service
# The endpoints controller copies its labels.
metadata: {name: same, namespace: writers, labels: {a: b}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: same, namespace: writers, labels: {a: b}}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: writers}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: writers}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {collected: "yes"}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: whole}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {collected: "yes"}}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: writers}
---
apiVersion: v1
kind: Secret
metadata: {name: robot, namespace: writers, annotations: {kubernetes.io/service-account.name: robot}}
type: kubernetes.io/service-account-token
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.oracle.fairlead.test}
spec: {group: oracle.fairlead.test, version: v1, groupPriorityMinimum: 1000, versionPriority: 100}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: writers}
spec: {rules: [{host: web.example}]}
`);

/**
 * What is seen there afterwards and Git does not declare: object, place, and who writes it. Items of lists are `*`:
 * one of them at least.
 */
export const WRITTEN: readonly (readonly [object: string, ...places: string[]])[] = [
  ['Namespace/writers', 'spec finalizers', 'metadata labels kubernetes.io/metadata.name'],
  [
    'PersistentVolume/bound',
    'spec claimRef',
    'metadata annotations pv.kubernetes.io/bound-by-controller',
    'metadata finalizers *',
  ],
  [
    'PersistentVolume/reserved',
    'spec claimRef uid',
    'spec claimRef resourceVersion',
    'spec claimRef kind',
    'spec claimRef apiVersion',
  ],
  [
    'PersistentVolumeClaim/bound',
    'spec volumeName',
    'metadata annotations pv.kubernetes.io/bind-completed',
    'metadata finalizers *',
  ],
  [
    'PersistentVolumeClaim/later',
    'spec storageClassName',
    'metadata annotations volume.kubernetes.io/selected-node',
    'metadata annotations volume.beta.kubernetes.io/storage-provisioner',
  ],
  ['Ingress/web', 'spec ingressClassName'],
  ['Pod/waits', 'spec volumes *', 'spec containers * volumeMounts *', 'spec initContainers * volumeMounts *'],
  [
    'Pod/alone',
    'spec volumes',
    'spec containers * volumeMounts',
    'spec initContainers * volumeMounts',
    'spec tolerations *',
    'metadata ownerReferences',
    'metadata labels topology.kubernetes.io/zone',
  ],
  [
    'Pod/plain',
    'spec serviceAccountName',
    'spec serviceAccount',
    'spec nodeName',
    'spec priority',
    'spec tolerations',
  ],
  [
    'Deployment/web',
    'metadata annotations deployment.kubernetes.io/revision',
    'spec template metadata annotations kubectl.kubernetes.io/restartedAt',
  ],
  ['DaemonSet/agent', 'metadata annotations deprecated.daemonset.template.generation'],
  [
    'StatefulSet/db',
    'spec volumeClaimTemplates * status',
    'spec volumeClaimTemplates * apiVersion',
    'spec volumeClaimTemplates * kind',
  ],
  ['HorizontalPodAutoscaler/web', 'metadata annotations autoscaling.alpha.kubernetes.io/conditions'],
  ['Service/web', 'spec clusterIP', 'spec clusterIPs', 'spec ipFamilies', 'spec ipFamilyPolicy'],
  ['Service/outside', 'spec healthCheckNodePort', 'spec ports * nodePort'],
  ['Endpoints/web', 'subsets', 'metadata labels endpoints.kubernetes.io/managed-by'],
  ['Endpoints/same', 'subsets'],
  [
    'Job/once',
    'spec selector',
    'spec template metadata labels controller-uid',
    'spec template metadata labels job-name',
    'spec template metadata labels batch.kubernetes.io/job-name',
    'metadata labels controller-uid',
    'metadata labels job-name',
    'metadata labels batch.kubernetes.io/job-name',
  ],
  ['ClusterRole/whole', 'rules'],
  [
    'Secret/robot',
    'data token',
    'data ca.crt',
    'data namespace',
    'metadata annotations kubernetes.io/service-account.uid',
    'metadata labels kubernetes.io/legacy-token-last-used',
  ],
];
