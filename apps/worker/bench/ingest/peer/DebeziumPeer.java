import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.JsonByteArray;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/**
 * The other side of the bench: Debezium Engine, which writes every change as a line of JSON.
 *
 * <p>usage: DebeziumPeer &lt;properties of the engine&gt; &lt;file for the changes&gt;; prints how many it has written
 * after every batch. A batch is handed to the file before it is acknowledged, but not synced to disk. Ends on SIGTERM.
 */
public final class DebeziumPeer {
  private static final int BUFFER_BYTES = 1 << 20;

  private final OutputStream file;
  private long written = 0;

  private DebeziumPeer(OutputStream file) {
    this.file = file;
  }

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (Reader text = Files.newBufferedReader(Path.of(args[0]))) {
      settings.load(text);
    }
    try (OutputStream file = new BufferedOutputStream(new FileOutputStream(args[1]), BUFFER_BYTES)) {
      DebeziumEngine<ChangeEvent<byte[], byte[]>> engine =
          DebeziumEngine.create(JsonByteArray.class)
              .using(settings)
              .notifying(new DebeziumPeer(file)::take)
              .using((succeeded, message, error) -> complain(succeeded, message, error))
              .build();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> close(engine)));
      engine.run();
    }
  }

  private void take(
      List<ChangeEvent<byte[], byte[]>> changes,
      DebeziumEngine.RecordCommitter<ChangeEvent<byte[], byte[]>> committer)
      throws InterruptedException {
    try {
      for (ChangeEvent<byte[], byte[]> change : changes) {
        file.write(change.value());
        file.write('\n');
        committer.markProcessed(change);
      }
      file.flush();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    committer.markBatchFinished();
    written += changes.size();
    System.out.println(written);
  }

  private static void complain(boolean succeeded, String message, Throwable error) {
    if (succeeded) return;
    System.err.println(message);
    if (error != null) error.printStackTrace();
  }

  private static void close(DebeziumEngine<?> engine) {
    try {
      engine.close();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
