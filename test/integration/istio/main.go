// Command istio-xds writes, as JSON, the Envoy configuration that Istio's own code makes for an ingress gateway. Its arguments
// are three files: the resources, the mesh configuration, and what to write.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/test"
)

func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func list[T proto.Message](messages []T) []json.RawMessage {
	out := []json.RawMessage{}
	for _, message := range messages {
		text, err := protojson.Marshal(message)
		if err != nil {
			panic(err)
		}
		out = append(out, text)
	}
	return out
}

func main() {
	err := test.Wrap(func(t test.Failer) {
		meshConfig, err := mesh.ApplyMeshConfigDefaults(read(os.Args[2]))
		if err != nil {
			t.Fatal(err)
		}
		made := core.NewConfigGenTest(t, core.TestOptions{ConfigString: read(os.Args[1]), MeshConfig: meshConfig})
		labels := map[string]string{"istio": "ingressgateway"}
		proxy := made.SetupProxy(&model.Proxy{
			Type:            model.Router,
			ID:              "ingressgateway.istio-system",
			ConfigNamespace: "istio-system",
			Labels:          labels,
			Metadata:        &model.NodeMetadata{IstioVersion: "1.31.0", Namespace: "istio-system", Labels: labels},
		})
		listeners := made.Listeners(proxy)
		out := map[string][]json.RawMessage{
			"listeners": list(listeners),
			"routes":    list(made.RoutesFromListeners(proxy, listeners)),
			"clusters":  list(made.Clusters(proxy)),
		}
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(os.Args[3], text, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
