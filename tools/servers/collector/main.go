// Program collector is an OpenTelemetry Collector with the components that
// openllmetry-collector-config.yaml names, and no others: the contrib distribution compiles for an
// hour. go.mod pins them to the release that docker-compose.yml pins; where the release of one
// component needs a module that no proxy has, go.mod says which older one stands in.
package main

import (
	"log"

	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/spanmetricsconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/prometheusexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourceprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/forwardconnector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

func must[T any](made T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func components() (otelcol.Factories, error) {
	return otelcol.Factories{
		Telemetry: otelconftelemetry.NewFactory(),
		Receivers: must(otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())),
		Processors: must(otelcol.MakeFactoryMap[processor.Factory](
			memorylimiterprocessor.NewFactory(),
			resourceprocessor.NewFactory(),
			transformprocessor.NewFactory(),
		)),
		Connectors: must(otelcol.MakeFactoryMap[connector.Factory](
			forwardconnector.NewFactory(),
			spanmetricsconnector.NewFactory(),
		)),
		Exporters: must(otelcol.MakeFactoryMap[exporter.Factory](
			otlpexporter.NewFactory(),
			otlphttpexporter.NewFactory(),
			fileexporter.NewFactory(),
			prometheusexporter.NewFactory(),
		)),
		Extensions: must(otelcol.MakeFactoryMap[extension.Factory](
			filestorage.NewFactory(),
			healthcheckextension.NewFactory(),
		)),
	}, nil
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Version: "0.165.1"},
		Factories: components,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{
					envprovider.NewFactory(),
					fileprovider.NewFactory(),
				},
			},
		},
	})
	if err := command.Execute(); err != nil {
		log.Fatal(err)
	}
}
