/** The part of opentelemetry-proto's logs service that we read (field numbers as in its v1 definitions). */
export const OTLP_PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; ArrayValue arrayValue = 5; KeyValueList kvlistValue = 6; bytes bytesValue = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Record { fixed64 timeUnixNano = 1; fixed64 observedTimeUnixNano = 11; int32 severityNumber = 2; string severityText = 3; AnyValue body = 5; repeated KeyValue attributes = 6; bytes traceId = 9; bytes spanId = 10; string eventName = 12; }
message ScopeLogs { Scope scope = 1; repeated Record logRecords = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopeLogs = 2; }
message Request { repeated ResourceLogs resourceLogs = 1; }
message PartialSuccess { int64 rejectedLogRecords = 1; string errorMessage = 2; }
message Response { PartialSuccess partialSuccess = 1; }
message Status { int32 code = 1; string message = 2; }
`;
