// Package deploy_test holds docker-compose.yml, the Dockerfile and what stands beside them to the code that they run:
// no Docker is needed for that. What a running desk does is tried in package e2e.
package deploy_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// secrets are what a person must fill in.
var secrets = []string{"POSTGRES_PASSWORD", "DURADESK_SECRET_KEY", "DURADESK_BOOTSTRAP_TOKEN"}

// ours tells the services that run the duradesk binary.
func ours(s types.ServiceConfig) bool { return s.Build != nil }

// environment is .env.example, filled in.
func environment(t *testing.T) map[string]string {
	t.Helper()
	env, err := dotenv.Read("../.env.example")
	require.NoError(t, err)
	for _, name := range secrets {
		require.Contains(t, env, name)
		require.Empty(t, env[name], "%s must not have a value that somebody could keep", name)
		env[name] = strings.Repeat("5eed", 16)
	}
	return env
}

func load(ctx context.Context, env map[string]string) (*types.Project, error) {
	dir, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	return loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}}, Environment: env,
	}, loader.WithProfiles([]string{"watch"}))
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t.Context(), environment(t))
	require.NoError(t, err)
	return p
}

func TestComposeAsksForEachSecret(t *testing.T) {
	t.Parallel()
	for _, name := range secrets {
		env := environment(t)
		env[name] = ""
		_, err := load(t.Context(), env)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, ".env.example")
	}
}

func TestEnvExampleListsWhatComposeReads(t *testing.T) {
	t.Parallel()
	text := read(t, "../docker-compose.yml")
	used := map[string]bool{}
	for name := range template.ExtractVariables(map[string]any{"text": text}, template.DefaultPattern) {
		used[name] = true
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(environment(t))), slices.Collect(maps.Keys(used)))
}

func TestEveryServiceGetsSettingsThatItsCommandReads(t *testing.T) {
	t.Parallel()
	commands := commandsOf(t)
	known := map[string]bool{}
	for _, c := range commands {
		for name := range c {
			known[name] = true
		}
	}
	require.Greater(t, len(known), 8, "the settings of the code were not found")
	for name, s := range project(t).Services {
		for variable := range s.Environment {
			if strings.HasPrefix(variable, "DURADESK_") {
				require.True(t, known[variable], "%s: nothing reads %s", name, variable)
			}
		}
		if !ours(s) {
			continue
		}
		require.NotEmpty(t, s.Command, name)
		settings, ok := commands[s.Command[0]]
		require.True(t, ok, "%s: there is no `duradesk %s`", name, s.Command[0])
		for variable, required := range settings {
			if required {
				require.Contains(t, s.Environment, variable, "%s: `duradesk %s` needs it", name, s.Command[0])
			}
		}
	}
}

func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, s := range p.Services {
		for other, how := range s.DependsOn {
			needed, err := p.GetService(other)
			require.NoError(t, err, "%s waits for it", name)
			job := strings.HasPrefix(needed.Restart, types.RestartPolicyOnFailure)
			switch how.Condition {
			case types.ServiceConditionHealthy:
				require.NotNil(t, needed.HealthCheck, "%s waits for %s to be healthy, which nothing tells", name, other)
				require.False(t, job, "%s waits for the job %s to be healthy", name, other)
			case types.ServiceConditionCompletedSuccessfully:
				require.True(t, job, "%s waits for the end of %s, which does not end", name, other)
			default:
				require.Fail(t, "a service that has only started is of no use yet", "%s waits for %s", name, other)
			}
		}
	}
	require.NoError(t, p.CheckContainerNameUnicity())
}

var hostPort = regexp.MustCompile(`\b([a-z][a-z0-9-]*|\d+\.\d+\.\d+\.\d+):(\d{2,5})\b`)

// TestAddressesLeadSomewhere follows every host:port that a service is told to a port that the other listens on.
func TestAddressesLeadSomewhere(t *testing.T) {
	t.Parallel()
	p := project(t)
	listens := map[string][]string{"postgres": {"5432"}, "temporal": {"7233"}, "temporal-ui": {"8080"}, "prometheus": {"9090"}, "grafana": {"3000"}}
	for name, s := range p.Services {
		for variable, value := range s.Environment {
			if host, port, err := net.SplitHostPort(*value); err == nil && host == "0.0.0.0" {
				require.True(t, strings.HasSuffix(variable, "_ADDR"), "%s: %s", name, variable)
				listens[name] = append(listens[name], port)
			}
		}
	}
	published := map[string]string{}
	for name, s := range p.Services {
		for variable, value := range s.Environment {
			for _, found := range hostPort.FindAllStringSubmatch(*value, -1) {
				if host, port := found[1], found[2]; net.ParseIP(host) == nil {
					require.Contains(t, listens[host], port, "%s: %s leads to %s", name, variable, found[0])
				}
			}
		}
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s: publish %s on loopback unless a person decides otherwise", name, port.Published)
			require.Contains(t, listens[name], fmt.Sprint(port.Target), "%s: nothing listens there", name)
			require.Empty(t, published[port.Published], "%s: port %s is published twice", name, port.Published)
			published[port.Published] = name
		}
		if s.HealthCheck == nil {
			require.True(t, !ours(s) || s.Restart == types.RestartPolicyOnFailure, "%s runs and nobody asks how it is", name)
			continue
		}
		if ours(s) {
			require.Equal(t, []string{"CMD", "/usr/bin/duradesk", "probe"}, []string(s.HealthCheck.Test[:3]), name)
			probed, err := url.Parse(s.HealthCheck.Test[3])
			require.NoError(t, err, name)
			require.Contains(t, listens[name], probed.Port(), name)
		}
	}
}

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	module := read(t, "../devserver/go.mod")
	version := func(module, path string) string {
		found := regexp.MustCompile(regexp.QuoteMeta(path) + ` v(\S+)`).FindStringSubmatch(module)
		require.Len(t, found, 2, path)
		return found[1]
	}
	server, ui := version(module, "go.temporal.io/server"), version(module, "github.com/temporalio/ui-server/v2")
	for name, s := range project(t).Services {
		if ours(s) {
			continue
		}
		image, tag, _ := strings.Cut(s.Image, ":")
		require.Regexp(t, `^v?\d+\.\d+`, tag, "%s: an image without a version is another one tomorrow", name)
		switch image {
		case "temporalio/server", "temporalio/admin-tools":
			require.Equal(t, server, tag, "%s: not what `up` and the tests run", name)
		case "temporalio/ui":
			require.Equal(t, ui, tag, "%s: not what `up` and the tests run", name)
		}
	}
}

// TestMountedFilesExist finds what a container starts in the folder that is mounted there.
func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	found := 0
	for name, s := range project(t).Services {
		for _, volume := range s.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			require.True(t, volume.ReadOnly, name)
			words := append(slices.Clone(s.Entrypoint), s.Command...)
			for _, value := range s.Environment {
				words = append(words, *value)
			}
			for _, word := range words {
				_, word = cutLast(word, "=") // --flag=/path
				if word == volume.Target {
					require.FileExists(t, volume.Source, name)
					found++
				}
				if path.Dir(word) == volume.Target {
					require.FileExists(t, filepath.Join(volume.Source, path.Base(word)), name)
					found++
				}
			}
		}
	}
	require.Equal(t, 5, found)
}

// cutLast splits at the last separator; without one, everything is after it.
func cutLast(s, separator string) (before, after string) {
	i := strings.LastIndex(s, separator)
	return s[:max(i, 0)], s[i+1:]
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}
