import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes records with Apicurio's serializers. Each line of standard input is one record:
 * {"kind": "AVRO", "schema": "…", "value": {…} in Avro's JSON}, {"kind": "PROTOBUF", "descriptors": "base64 of a
 * FileDescriptorSet", "message": "full.Name", "body": "base64"} or {"kind": "JSON", "value": {…}}; each has a "topic" and
 * may have a "key", which is text, and "properties" of its own. Arguments: client properties of all as name=value.
 */
public class Produce {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private static final Map<String, String> SERIALIZERS = Map.of(
        "AVRO", "io.apicurio.registry.serde.avro.AvroKafkaSerializer",
        "PROTOBUF", "io.apicurio.registry.serde.protobuf.ProtobufKafkaSerializer",
        "JSON", "io.apicurio.registry.serde.jsonschema.JsonSchemaKafkaSerializer");

    public static void main(String[] words) throws Exception {
        Properties given = new Properties();
        for (int i = 0; i < words.length; i++) {
            int at = words[i].indexOf('=');
            given.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        Map<String, KafkaProducer<String, Object>> producers = new HashMap<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode said = JSON.readTree(line);
            String kind = said.get("kind").asText();
            JsonNode own = said.path("properties");
            KafkaProducer<String, Object> producer = producers.computeIfAbsent(kind + own, one -> producer(given, kind, own));
            String key = said.hasNonNull("key") ? said.get("key").asText() : null;
            producer.send(new ProducerRecord<>(said.get("topic").asText(), 0, key, value(kind, said))).get();
        }
        producers.values().forEach(KafkaProducer::close);
    }

    private static KafkaProducer<String, Object> producer(Properties given, String kind, JsonNode own) {
        Properties properties = new Properties();
        properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        properties.put("value.serializer", SERIALIZERS.get(kind));
        properties.putAll(given);
        own.fields().forEachRemaining(one -> properties.put(one.getKey(), one.getValue().asText()));
        return new KafkaProducer<>(properties);
    }

    private static Object value(String kind, JsonNode said) throws Exception {
        switch (kind) {
            case "AVRO":
                Schema schema = new Schema.Parser().parse(said.get("schema").asText());
                return new GenericDatumReader<Object>(schema)
                    .read(null, DecoderFactory.get().jsonDecoder(schema, said.get("value").toString()));
            case "PROTOBUF":
                return DynamicMessage.parseFrom(message(said), Base64.getDecoder().decode(said.get("body").asText()));
            default:
                return said.get("value");
        }
    }

    private static Descriptor message(JsonNode said) throws Exception {
        FileDescriptorSet set = FileDescriptorSet.parseFrom(Base64.getDecoder().decode(said.get("descriptors").asText()));
        Map<String, FileDescriptor> files = new HashMap<>();
        for (FileDescriptorProto file : set.getFileList()) {
            FileDescriptor[] needed = file.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
            FileDescriptor built = FileDescriptor.buildFrom(file, needed);
            files.put(file.getName(), built);
            for (Descriptor found : built.getMessageTypes()) {
                if (found.getFullName().equals(said.get("message").asText())) {
                    return found;
                }
            }
        }
        throw new IllegalArgumentException("no message " + said.get("message").asText());
    }
}
