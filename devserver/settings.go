package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log/tag"
)

// unlimited is a rate that one machine does not reach.
const unlimited = 10_000

// defaultSettings is what a server of one process and one shard needs to be set
// otherwise than the server's own defaults, which are made for a large cluster.
func defaultSettings() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// The queues of a shard may be read 20 times a second by default: with one
		// shard every signal then waits up to 50 ms for its turn.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   unlimited,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      unlimited,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): unlimited,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key():   unlimited,
		// The same for all shards together, otherwise a share of the database rate.
		dynamicconfig.TransferProcessorMaxPollHostRPS.Key():   unlimited,
		dynamicconfig.TimerProcessorMaxPollHostRPS.Key():      unlimited,
		dynamicconfig.VisibilityProcessorMaxPollHostRPS.Key(): unlimited,
		dynamicconfig.OutboundProcessorMaxPollHostRPS.Key():   unlimited,

		// All of a shard's work goes through the one connection to the file, and who
		// waits for it gets it by chance. With 512 workers of each of these queues
		// waiting there, a busy server let each call of a client or worker wait for
		// a second and some for ten; and a task whose start takes longer than a second
		// is lost until its time is over. What is seen in lists may lag behind instead.
		// The timers may not: four workers fell seven minutes behind in a busy hour,
		// and what was lost waited for as long.
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(): 4,
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key():   64,
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():      64,

		// Task queues of four partitions forward to each other at ten a second; a
		// burst of new workflows waits there with an idle processor.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// One process: no part has to be protected from the others.
		dynamicconfig.FrontendRPS.Key():                                                        unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                                 unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():                       1_000,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): 100,
		dynamicconfig.HistoryRPS.Key():                                                         2 * unlimited,
		dynamicconfig.MatchingRPS.Key():                                                        2 * unlimited,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                                          unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                                          2 * unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                                           45_000,
		dynamicconfig.WorkerPersistenceMaxQPS.Key():                                            2_000,

		// As start-dev has them: what was just created is seen at once, and the
		// cache of workflows has the size of a desk machine.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():            8_096,
		// Closed workflows, most of them of mails that were sent, stay in that
		// cache for an hour by default: under even load the server grew until it
		// was full. Two minutes after it was read from the file a workflow is let go,
		// and read again when it is touched.
		dynamicconfig.HistoryCacheTTL.Key(): 2 * time.Minute,
		dynamicconfig.HistoryCacheBackgroundEvict.Key(): dynamicconfig.CacheBackgroundEvictSettings{
			Enabled: true, LoopInterval: 20 * time.Second, MaxEntryPerCall: 1024,
		},

		// Tests let a fortnight pass in a second.
		dynamicconfig.WorkflowTimeSkippingEnabled.Key(): true,
		// A server on a desk tells nobody that it runs.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
}

// settings puts the values given on the command line over the defaults. A
// value that the server does not know, or whose type it does not take, is
// logged as a warning and kept, as start-dev keeps it; one that is no JSON is
// an error.
func settings(given map[string]string, logger *logger) (dynamicconfig.StaticClient, error) {
	all := defaultSettings()
	var loader dynamicconfig.YamlLoader
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !json.Valid([]byte(given[key])) {
			return nil, fmt.Errorf("--dynamic-config-value %s: %q is no JSON value (a text needs quotation marks)", key, given[key])
		}
		// JSON is YAML too, and the server's reader of YAML checks keys and types.
		loader.LoadValue(dynamicconfig.MakeKey(key), []byte("- value: "+given[key]))
	}
	if err := loader.Err(); err != nil {
		return nil, fmt.Errorf("--dynamic-config-value: %w", err)
	}
	for _, warning := range loader.Warnings {
		logger.Warn("--dynamic-config-value has no effect", tag.Error(warning))
	}
	for key, values := range loader.Map {
		all[key] = values
	}
	return all, nil
}
