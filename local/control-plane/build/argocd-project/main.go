// Asks Argo CD's own library what an AppProject permits, as its sync does (controller/sync.go, WithPermissionValidator):
// a project and objects as JSON on stdin; on stdout, for each object, why it is refused, or an empty text.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

type question struct {
	Project v1alpha1.AppProject `json:"project"`
	// Where the Application deploys to.
	Server  string   `json:"server"`
	Objects []object `json:"objects"`
}

type object struct {
	Group      string `json:"group"`
	Kind       string `json:"kind"`
	Namespaced bool   `json:"namespaced"`
	Namespace  string `json:"namespace"`
}

func main() {
	var asked question
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		fail(err)
	}
	if err := asked.Project.ValidateProject(); err != nil {
		fail(err)
	}
	answers := make([]string, 0, len(asked.Objects))
	for _, each := range asked.Objects {
		answers = append(answers, refusal(asked, each))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func refusal(asked question, each object) string {
	kind := schema.GroupKind{Group: each.Group, Kind: each.Kind}
	if !asked.Project.IsGroupKindPermitted(kind, each.Namespaced) {
		return fmt.Sprintf("kind %s is not permitted in project %s", kind, asked.Project.Name)
	}
	if !each.Namespaced {
		return ""
	}
	cluster := &v1alpha1.Cluster{Server: asked.Server}
	none := func(string) ([]*v1alpha1.Cluster, error) { return nil, nil }
	permitted, err := asked.Project.IsDestinationPermitted(cluster, each.Namespace, none)
	if err != nil {
		fail(err)
	}
	if !permitted {
		return fmt.Sprintf("namespace %s is not permitted in project %s", each.Namespace, asked.Project.Name)
	}
	return ""
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
