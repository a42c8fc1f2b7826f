import { createFileRegistry, type DescFile, type FileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** The contract as data: which file declares what, for clients that have no .proto files. */
export class DescriptorIndex {
  private readonly registry: FileRegistry;

  /** `descriptorSet`: an encoded google.protobuf.FileDescriptorSet with all imports, as gen/logpulse.binpb. */
  constructor(descriptorSet: Uint8Array) {
    this.registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  }

  /** True if a service of that full name is declared. */
  hasService(name: string): boolean {
    return this.registry.getService(name) !== undefined;
  }

  /** The encoded file of that name and all files that it imports, itself first; undefined if there is none. */
  fileByName(name: string): Uint8Array[] | undefined {
    return withImports(this.registry.getFile(name));
  }

  /** The same for the file that declares a message, enum, service, extension, or a member of one of them. */
  fileOfSymbol(symbol: string): Uint8Array[] | undefined {
    const name = symbol.replace(/^\./, "");
    const owner = name.slice(0, Math.max(0, name.lastIndexOf(".")));
    const member = name.slice(owner.length + 1);
    const declared = this.registry.get(name) ?? (this.hasMember(owner, member) ? this.registry.get(owner) : undefined);
    return withImports(declared?.file);
  }

  /** The same for the file that declares that extension field of a message. */
  fileOfExtension(message: string, fieldNumber: number): Uint8Array[] | undefined {
    const desc = this.registry.getMessage(message);
    return withImports(desc && this.registry.getExtensionFor(desc, fieldNumber)?.file);
  }

  /** The numbers of all extension fields of a message; undefined if there is no such message. */
  extensionNumbersOf(message: string): number[] | undefined {
    if (this.registry.getMessage(message) === undefined) return undefined;
    const types = [...this.registry].filter((type) => type.kind === "extension");
    return types.filter((type) => type.extendee.typeName === message).map((type) => type.number);
  }

  private hasMember(owner: string, member: string): boolean {
    const desc = this.registry.get(owner);
    switch (desc?.kind) {
      case "service":
        return desc.methods.some((method) => method.name === member);
      case "message":
        return desc.fields.some((field) => field.name === member) || desc.oneofs.some((oneof) => oneof.name === member);
      case "enum":
        return desc.values.some((value) => value.name === member);
      default:
        return false;
    }
  }
}

/** Options that are not known here, as google.api.http, survive: they stay in the message as unknown fields. */
function withImports(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const files = new Set([file]);
  for (const each of files) for (const imported of each.dependencies) files.add(imported); // A Set visits what is added.
  return [...files].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}
