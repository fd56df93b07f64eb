package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	enumspb "go.temporal.io/api/enums/v1"
)

const (
	defaultNamespace = "default"
	defaultPort      = 7233
	// uiPortOffset is what start-dev adds to --port where --ui-port is not given.
	uiPortOffset = 1000
	maxPort      = 65535
)

// options is a checked command line.
type options struct {
	showVersion bool

	ip          string // as the server needs it: a literal address
	port        int
	httpPort    int // 0: any free one
	metricsPort int // 0: no metrics

	headless           bool
	uiIP               string
	uiPort             int
	uiPublicPath       string
	uiAssetPath        string
	uiCodecEndpoint    string
	uiDisableNewsFetch bool

	dbFilename       string // "": in memory
	pragmas          map[string]string
	namespaces       []string // always holds "default", without repetition
	searchAttributes map[string]enumspb.IndexedValueType
	dynamicConfig    map[string]string // key to JSON

	logLevel  slog.Level
	logFormat string // text or json
	logConfig bool
}

// rawFlags is what stands on the command line before it is checked.
type rawFlags struct {
	namespaces, searchAttributes, dynamicConfig, pragmas []string
	logLevel                                             string
	help                                                 bool
}

func newFlags(o *options, raw *rawFlags) *pflag.FlagSet {
	f := pflag.NewFlagSet("devserver", pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() {}
	f.StringVar(&o.ip, "ip", "localhost", "address of the frontend service")
	f.IntVarP(&o.port, "port", "p", defaultPort, "port of the frontend service (gRPC)")
	f.StringVarP(&o.dbFilename, "db-filename", "f", "", "SQLite file that keeps all state; without it state is lost at the end")
	f.StringArrayVarP(&raw.namespaces, "namespace", "n", nil, `namespace to create if it is not there, beside "default" (repeatable)`)
	f.StringArrayVar(&raw.searchAttributes, "search-attribute", nil, "search attribute NAME=Type of the namespaces created now (repeatable)")
	f.StringArrayVar(&raw.dynamicConfig, "dynamic-config-value", nil, "server setting KEY=JSON (repeatable)")
	f.StringArrayVar(&raw.pragmas, "sqlite-pragma", nil, "SQLite setting PRAGMA=VALUE (repeatable)")
	f.BoolVar(&o.headless, "headless", false, "no Web UI")
	f.StringVar(&o.uiIP, "ui-ip", "", "address of the Web UI (that of --ip)")
	f.IntVar(&o.uiPort, "ui-port", 0, "port of the Web UI (--port + 1000)")
	f.StringVar(&o.uiPublicPath, "ui-public-path", "", "path under which the Web UI is served")
	f.StringVar(&o.uiAssetPath, "ui-asset-path", "", "folder of other assets for the Web UI")
	f.StringVar(&o.uiCodecEndpoint, "ui-codec-endpoint", "", "codec server that the Web UI asks to decode payloads")
	f.BoolVar(&o.uiDisableNewsFetch, "ui-disable-news-fetch", true, "keep the Web UI from asking the internet for news")
	f.IntVar(&o.httpPort, "http-port", 0, "port of the HTTP API (any free one)")
	f.IntVar(&o.metricsPort, "metrics-port", 0, "port of the Prometheus metrics (none)")
	f.StringVar(&raw.logLevel, "log-level", "warn", "debug, info, warn, error or never")
	f.StringVar(&o.logFormat, "log-format", "text", "text or json")
	f.BoolVar(&o.logConfig, "log-config", false, "print the server's configuration on standard error")
	f.BoolVarP(&o.showVersion, "version", "v", false, "print the versions")
	f.BoolVarP(&raw.help, "help", "h", false, "print this text")
	return f
}

func usage() string {
	return "Usage: devserver server start-dev [flags]\n\n" +
		"A Temporal server with its Web UI for development and evaluation.\n\n" +
		newFlags(&options{}, &rawFlags{}).FlagUsages()
}

// parseOptions reads and checks the arguments after the program's name. It
// returns pflag.ErrHelp where help was asked for; every other error is a
// sentence for the user that names the flag.
func parseOptions(args []string) (*options, error) {
	var o options
	var raw rawFlags
	flags := newFlags(&o, &raw)
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("%w (see --help)", err)
	}
	if raw.help {
		return nil, pflag.ErrHelp
	}
	if o.showVersion {
		return &o, nil
	}
	if !slices.Equal(flags.Args(), []string{"server", "start-dev"}) {
		return nil, fmt.Errorf("the command is \"server start-dev\", not %q (see --help)", strings.Join(flags.Args(), " "))
	}
	if err := o.setLogging(raw.logLevel); err != nil {
		return nil, err
	}
	if err := o.setAddresses(); err != nil {
		return nil, err
	}
	if err := o.setNamespaces(raw.namespaces); err != nil {
		return nil, err
	}
	if err := o.setPairs(&raw); err != nil {
		return nil, err
	}
	return &o, nil
}

func (o *options) setLogging(level string) error {
	switch o.logFormat {
	case "text", "json":
	case "pretty": // the SDK's documentation still calls text so
		o.logFormat = "text"
	default:
		return fmt.Errorf("--log-format %q: want text or json", o.logFormat)
	}
	if level == "never" {
		o.logLevel = levelNever
		return nil
	}
	if err := o.logLevel.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn, error or never", level)
	}
	return nil
}

// setAddresses checks addresses and ports and fills in those of the Web UI.
func (o *options) setAddresses() error {
	var err error
	if o.ip, err = literalIP("ip", o.ip); err != nil {
		return err
	}
	if o.uiIP == "" {
		o.uiIP = o.ip
	}
	if o.uiIP, err = literalIP("ui-ip", o.uiIP); err != nil {
		return err
	}
	if o.port < 1 || o.port > maxPort {
		return fmt.Errorf("--port %d: want 1 to %d", o.port, maxPort)
	}
	if o.uiPort == 0 {
		o.uiPort = min(o.port+uiPortOffset, maxPort)
	}
	taken := map[int]string{}
	for _, l := range o.listeners() {
		if l.port < 1 || l.port > maxPort {
			return fmt.Errorf("--%s %d: want 1 to %d", l.flag, l.port, maxPort)
		}
		if other, ok := taken[l.port]; ok {
			return fmt.Errorf("--%s and --%s are both %d: give them different ports", other, l.flag, l.port)
		}
		taken[l.port] = l.flag
	}
	return nil
}

func (o *options) setNamespaces(names []string) error {
	o.namespaces = []string{defaultNamespace}
	for _, name := range names {
		if name == "" {
			return errors.New("--namespace: the name is empty")
		}
		if !slices.Contains(o.namespaces, name) {
			o.namespaces = append(o.namespaces, name)
		}
	}
	return nil
}

func (o *options) setPairs(raw *rawFlags) error {
	types, err := pairs("search-attribute", raw.searchAttributes)
	if err != nil {
		return err
	}
	o.searchAttributes = make(map[string]enumspb.IndexedValueType, len(types))
	for name, typeName := range types {
		if o.searchAttributes[name], err = searchAttributeType(typeName); err != nil {
			return fmt.Errorf("--search-attribute %s: %w", name, err)
		}
	}
	if o.dynamicConfig, err = pairs("dynamic-config-value", raw.dynamicConfig); err != nil {
		return err
	}
	o.pragmas, err = pairs("sqlite-pragma", raw.pragmas)
	return err
}

// pairs splits KEY=VALUE arguments; the last one wins where a key is repeated.
func pairs(flag string, args []string) (map[string]string, error) {
	m := make(map[string]string, len(args))
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--%s %q: want KEY=VALUE", flag, arg)
		}
		m[key] = value
	}
	return m, nil
}

func searchAttributeType(name string) (enumspb.IndexedValueType, error) {
	var known []string
	for n, number := range enumspb.IndexedValueType_shorthandValue {
		if number == 0 {
			continue
		}
		if strings.EqualFold(n, name) {
			return enumspb.IndexedValueType(number), nil
		}
		known = append(known, n)
	}
	slices.Sort(known)
	return 0, fmt.Errorf("unknown type %q: want one of %s", name, strings.Join(known, ", "))
}

// literalIP turns the value of an address flag into what the server takes:
// a literal address, never a name.
func literalIP(flag, value string) (string, error) {
	if value == "localhost" {
		return "127.0.0.1", nil
	}
	value = strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
	if net.ParseIP(value) == nil {
		return "", fmt.Errorf("--%s %q: want an IP address or localhost", flag, value)
	}
	return value, nil
}
