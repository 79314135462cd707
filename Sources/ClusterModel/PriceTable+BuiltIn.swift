// Written by .ci/write-built-in-prices from Data/prices.csv; a test holds the two against each other.
// swift-format-ignore-file

extension PriceTable {
  /// `Data/prices.csv`, byte for byte.
  package static let builtInText = #"""
    provider,region,vm_size,vcpu,memory_gib,arch,dedicated_usd_h,low_priority_usd_h,spot_usd_h,dedicated_as_of,discount_as_of,sources
    azure,eastus,Standard_A2_v2,2,4,x86_64,0.0903,0.01806,0.009933,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_A8_v2,8,16,x86_64,0.399,0.0798,0.04389,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_B2s,2,4,x86_64,0.0416,,,2026-06-18,,KAZ
    azure,eastus,Standard_D2s_v3,2,8,x86_64,0.096,0.0192,,2026-06-18,,KAZ+LP20
    azure,eastus,Standard_D8s_v3,8,32,x86_64,0.384,0.0768,0.04224,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_D2s_v5,2,8,x86_64,0.096,0.0192,,2026-06-18,,KAZ+LP20
    azure,eastus,Standard_D8s_v5,8,32,x86_64,0.384,0.0768,0.04224,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_D96s_v5,96,384,x86_64,4.608,0.9216,0.50688,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_F2s_v2,2,4,x86_64,0.0846,0.01692,0.009306,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_F4s_v2,4,8,x86_64,0.169,0.0338,0.01859,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_F16s_v2,16,32,x86_64,0.677,0.1354,0.07447,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_F64s_v2,64,128,x86_64,2.706,0.5412,0.29766,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_E4s_v5,4,32,x86_64,0.252,0.0504,0.02772,2026-06-18,undated,KAZ+LP20+SKY6
    azure,eastus,Standard_L8s_v3,8,64,x86_64,0.696,0.1392,,2026-06-18,,KAZ+LP20
    azure,westeurope,Standard_A2_v2,2,4,x86_64,0.0861,0.01722,,2026-06-18,,KAZ+LP20
    azure,westeurope,Standard_D2s_v5,2,8,x86_64,0.115,0.023,,2026-06-18,,KAZ+LP20
    azure,westeurope,Standard_D4s_v5,4,16,x86_64,0.23,0.046,0.0425,2026-06-18,2026-09,KAZ+REC
    azure,westeurope,Standard_D64s_v5,64,256,x86_64,3.68,0.736,,2026-06-18,,KAZ+LP20
    azure,westeurope,Standard_F4s_v2,4,8,x86_64,0.194,0.0388,,2026-06-18,,KAZ+LP20
    azure,westeurope,Standard_E4s_v5,4,32,x86_64,0.304,0.0608,,2026-06-18,,KAZ+LP20
    azure,francecentral,Standard_D4s_v5,4,16,x86_64,0.224,0.0448,,2026-06-18,,KAZ+LP20
    aws,us-east-1,t4g.medium,2,4,arm64,0.0336,,0.0121,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,t4g.large,2,8,arm64,0.0672,,0.0188,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,c6i.large,2,4,x86_64,0.085,,0.0315,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,c6i.xlarge,4,8,x86_64,0.17,,0.068,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,c6i.4xlarge,16,32,x86_64,0.68,,0.2924,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,c7g.large,2,4,arm64,0.0725,,0.037,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,c7g.4xlarge,16,32,arm64,0.58,,0.1682,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,m6i.large,2,8,x86_64,0.096,,0.0355,2026-07-20,2025-06-28,KAWS+ADV
    aws,us-east-1,m6i.4xlarge,16,64,x86_64,0.768,,0.2611,2026-07-20,2025-06-28,KAWS+ADV
    aws,eu-west-3,c7g.large,2,4,arm64,0.0859,,0.0295,undated,undated,SKY8
    aws,eu-west-3,c7g.8xlarge,32,64,arm64,1.3738,,0.6725,undated,undated,SKY8
    gcp,us-central1,e2-standard-4,4,16,x86_64,0.13402,,0.04021,2026-06-22,2026-06-22,CA
    gcp,us-central1,n2-standard-4,4,16,x86_64,0.1942,,0.0470,2026-06-22,2026-06-22,CA
    gcp,us-central1,t2d-standard-4,4,16,x86_64,0.1690,,0.0409,2026-06-22,2026-06-22,CA
    gcp,us-central1,n2-highcpu-48,48,48,x86_64,1.720704,,0.531216,2025-03-06,2025-03-06,CYC
    gcp,europe-west1,n2-highcpu-48,48,48,x86_64,1.892832,,0.195408,2025-03-06,2025-03-06,CYC
    gcp,us-central1,c3-highcpu-4,4,8,x86_64,0.170104,,0.030624,2025-03-06,2025-03-06,CYC
    gcp,europe-west9,c3-highcpu-4,4,8,x86_64,0.197321,,0.023176,2025-03-06,2025-03-06,CYC
    gcp,us-central1,c4a-highcpu-4,4,8,arm64,0.15152,,0.06056,2025-03-06,2025-03-06,CYC

    """#
}
