import type { S3StorageOptions } from "./s3-options.ts";

/**
 * What a REST catalog's table `config` says about reaching its files, as options of `s3Storage` (names as in the REST
 * specification, `LoadTableResult.config`). Vended credentials end with the time the service set for them: load the
 * table again and open a storage anew before that.
 */
export function s3OptionsFrom(
  config: Readonly<Record<string, string>>,
): Partial<Pick<S3StorageOptions, "endpoint" | "region" | "credentials" | "pathStyle">> {
  const region = config["client.region"] ?? config["s3.region"];
  const [key, secret] = [config["s3.access-key-id"], config["s3.secret-access-key"]];
  const sessionToken = config["s3.session-token"];
  const pathStyle = config["s3.path-style-access"];
  return {
    ...(config["s3.endpoint"] === undefined ? {} : { endpoint: config["s3.endpoint"] }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { pathStyle: pathStyle === "true" }),
    ...(key === undefined || secret === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: key,
            secretAccessKey: secret,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
  };
}
