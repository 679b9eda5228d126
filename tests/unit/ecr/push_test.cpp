// What a push makes of plain layers and of indexes, held against a real registry.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/process.h"
#include "ecr/packed_layer.h"
#include "ecr/pull.h"
#include "ecr/store_check.h"
#include "tests/unit/ecr/debian_registry.h"
#include "tests/unit/ecr/registry_fixture.h"

namespace ecr {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class PushTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    registry_ = DebianRegistry::start(folder());
    ASSERT_NE(registry_, nullptr) << "docker-registry is not installed";
  }
  void TearDown() override {
    registry_.reset();
    ImagesTest::TearDown();
  }
  std::string name(const std::string& rest) const { return registry_->host() + "/" + rest; }

  /// An image with one plain layer of that content.
  Descriptor make_plain_image(const std::string& image_name, const std::string& content) {
    const auto tar = make_tar({tar_file("file", content)});
    const auto digest = take(store().put_blob(tar));
    ImageConfig config{.platform = host_platform()};
    config.diff_ids = {digest};
    const auto image = take(store().put_image(
        config, {{.media_type = media_type::kOciLayer, .digest = digest, .size = tar.size()}}));
    take(store().tag(image_name, image));
    return image;
  }
  Image pulled(const std::string& image_name) {
    auto other = take(ImageStore::open(folder() / "other"));
    take(pull(take(parse_image_reference(image_name)), other, {.registry = options_}));
    const auto image = take(other.image(image_name));
    take(other.unpack(image.manifest));
    return image;
  }

  std::unique_ptr<DebianRegistry> registry_;
};

TEST_F(PushTest, CompressesPlainLayersOnTheirWayAndOnlyOnce) {
  const std::string content = base::random_bytes(700'000) + std::string(2'000'000, 'x');
  const auto plain = make_plain_image(name("app:1"), content);
  const auto pushed = take(push_image(name("app:1")));
  EXPECT_NE(pushed.digest, plain.digest);
  EXPECT_LT(pushed.bytes_uploaded, 1'000'000U);
  const auto image = pulled(name("app:1"));
  EXPECT_EQ(image.manifest.layers[0].media_type, media_type::kOciLayerGzip);
  EXPECT_EQ(image.descriptor.digest, pushed.digest);
  EXPECT_EQ(take(store().resolve(name("app:1"))).digest, pushed.digest) << "both sides have one image";
  // The plain image under another name: what was compressed once is taken as it is.
  take(store().tag(name("again:1"), plain));
  const auto again = take(push_image(name("again:1")));
  EXPECT_EQ(again.digest, pushed.digest);
  EXPECT_EQ(again.bytes_uploaded, 0U) << "it was mounted";
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
}

TEST_F(PushTest, SendsPlainLayersAsTheyAreWhenToldTo) {
  const auto plain = make_plain_image(name("app:1"), "content");
  auto plan = take(plan_push(store(), name("app:1"), take(parse_image_reference(name("app:1")))));
  plan.pack_with.reset();
  EXPECT_EQ(take(push(plan, store(), options_)).digest, plain.digest);
  EXPECT_EQ(pulled(name("app:1")).descriptor.digest, plain.digest);
}

TEST_F(PushTest, MakesZstdLayersWhenToldTo) {
  make_plain_image(name("app:1"), std::string(3'000'000, 'z'));
  auto plan = take(plan_push(store(), name("app:1"), take(parse_image_reference(name("app:1")))));
  plan.pack_with = BlockCodec::zstd;
  take(push(plan, store(), options_));
  EXPECT_EQ(pulled(name("app:1")).manifest.layers[0].media_type, media_type::kOciLayerZstd);
}

TEST_F(PushTest, SendsNothingOfALayerThatIsDamagedInTheStore) {
  const auto plain = make_plain_image(name("app:1"), std::string(100'000, 'x'));
  const auto layer = take(store().image(plain)).manifest.layers[0].digest;
  auto bytes = take(base::read_file(store().blob_path(layer)));
  bytes[1000] = 'y';
  take(base::write_file(store().blob_path(layer), bytes));
  const auto pushed = push_image(name("app:1"));
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.error().to_string(),
              HasSubstr("layer " + layer.to_string() + " of the image store is damaged"));
}

TEST_F(PushTest, SendsAndFetchesWholeIndexes) {
  const auto here = make_plain_image(name("here:1"), "here");
  const auto there = make_image("there:1", "there");
  const base::Json index = {{"schemaVersion", 2},
                            {"mediaType", media_type::kOciIndex},
                            {"manifests", {to_json(here), to_json(there)}}};
  const auto text = base::to_text(index);
  const auto digest = take(store().put_blob(text));
  take(store().tag(name("both:1"),
                   {.media_type = media_type::kOciIndex, .digest = digest, .size = text.size()}));
  const auto pushed = take(push_image(name("both:1")));
  EXPECT_NE(pushed.digest, digest) << "one of its layers was compressed";
  auto other = take(ImageStore::open(folder() / "whole"));
  const auto reference = take(parse_image_reference(name("both:1")));
  take(pull(reference, other, {.registry = options_, .platforms = Platforms::all}));
  EXPECT_EQ(take(other.resolve(name("both:1"))).digest, pushed.digest);
  EXPECT_TRUE(other.has_blob(there.digest));
  EXPECT_THAT(take(check_store(other, Repair::none)).problems, IsEmpty());
  // And on from there as it is.
  take(other.tag(name("copy:1"), take(other.resolve(name("both:1")))));
  const auto copy = take(parse_image_reference(name("copy:1")));
  EXPECT_EQ(take(push(take(plan_push(other, name("copy:1"), copy)), other, options_)).digest, pushed.digest);
}

TEST_F(PushTest, MountsFromARepositoryThatIsKnownToHaveTheBlob) {
  const auto image = make_image(name("one:1"));
  EXPECT_EQ(take(push_image(name("one:1"))).blobs_uploaded, 3);
  take(store().tag(name("two:1"), image));
  const auto second = take(push_image(name("two:1")));
  EXPECT_EQ(second.blobs_uploaded, 0);
  EXPECT_EQ(second.blobs_present, 3);
}

TEST_F(PushTest, BeginsBeforeTheImageIsWhole) {
  const auto image = make_image(name("app:1"));
  const auto layers = take(store().image(image)).manifest.layers;
  const auto target = take(parse_image_reference(name("app:1")));
  BlobSender sender(store(), target, options_);
  sender.send(layers[0]);
  sender.send(layers[1]);
  sender.send(layers[1]);
  EXPECT_EQ(take(sender.finish()).counts.blobs_uploaded, 2);
  EXPECT_EQ(take(push_image(name("app:1"))).blobs_uploaded, 1) << "the configuration was left";
}

TEST_F(PushTest, ListsTagsAndRemovesImages) {
  const auto image = make_image(name("app:1"));
  take(push_image(name("app:1")));
  for (const char* tag : {"app:2", "app:3"}) {
    take(store().tag(name(tag), image));
    take(push_image(name(tag)));
  }
  RegistryClient client(options_, take(parse_image_reference(name("app:1"))), Access::remove);
  EXPECT_THAT(take(client.tags()), testing::UnorderedElementsAre("1", "2", "3"));
  const auto by_tag = client.delete_manifest("1");
  ASSERT_FALSE(by_tag.ok());
  EXPECT_THAT(by_tag.error().message, HasSubstr("may take a digest only"));
  take(client.delete_manifest(image.digest.to_string()));
  EXPECT_FALSE(take(client.find_manifest("1")));
}

TEST_F(PushTest, KeepsReferrersUnderTheFallBackTag) {
  // Debian's registry has no referrers API.
  const auto image = make_image(name("app:1"));
  take(push_image(name("app:1")));
  RegistryClient client(options_, take(parse_image_reference(name("app:1"))), Access::push);
  const auto empty = take(store().put_blob("{}"));
  const Descriptor config{.media_type = "application/vnd.oci.empty.v1+json", .digest = empty, .size = 2};
  take(client.upload_blob(config, store()));
  const auto refer = [&](const std::string& type) {
    const base::Json manifest = {{"schemaVersion", 2},          {"mediaType", media_type::kOciManifest},
                                 {"artifactType", type},        {"config", to_json(config)},
                                 {"layers", {to_json(config)}}, {"subject", to_json(image)}};
    const auto text = base::to_text(manifest);
    take(client.put_manifest(Digest::of(text).to_string(), media_type::kOciManifest, text));
    return Digest::of(text).to_string();
  };
  const auto signature = refer("test/signature");
  const auto bill = refer("test/bill");
  EXPECT_EQ(refer("test/bill"), bill) << "twice is once";
  EXPECT_EQ(take(client.referrers(image.digest, "")).size(), 2U);
  const auto found = take(client.referrers(image.digest, "test/signature"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(base::json_string(found[0], "digest"), signature);
  EXPECT_THAT(take(client.referrers(Digest::of("another"), "")), IsEmpty());
}

}  // namespace
}  // namespace ecr
